"""Samples of a finished run: its generator is built again from the recipe and filled from the checkpoint.

A variant that is no recipe has its own trainer built again, and a control is what it was: it keeps no checkpoint.

They are drawn from the latents of the run's headline evaluation, so they are the samples that its record speaks of, to
the last float when their number and the machine are the same. The folder holds names, numbers and tensors; the plugin
that the names mean is the one installed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ganbench.assembly import seeded_pair
from ganbench.errors import RecordError, SamplesError
from ganbench.experiment import Experiment, resolve
from ganbench.observation import CHUNK, evaluation_latents
from ganbench.record import RunSpec
from ganbench.request import Request
from ganbench.strict import parse_json
from ganbench.variant import Recipe

SPEC, CHECKPOINT = "spec.json", "checkpoint.safetensors"
MOST = 10_000_000
"""The most samples that are drawn again: a spec is anybody's text, and all of them are held at once."""


def is_run(path: Path) -> bool:
    """Whether the path is a run's folder."""
    return (path / SPEC).is_file()


def read_run(path: Path, dataset: str, reference: str, data_root: Path | None, device: str) -> tuple[Tensor, list[str]]:
    """The run's samples (n, *sample shape), n that of its headline; and what is to be said of them.

    `dataset` is the name of the one that they are to be measured against, `reference` what the user calls it: of a
    folder of images, where it lies.

    Raises:
        SamplesError: where the run is of another dataset, has no checkpoint, or one that does not fit what it was of.
        UsageError, PluginError: where its plugin or its data are not here.
    """
    spec = _spec(path)
    if spec.dataset != dataset:
        raise SamplesError(
            f"{path}: found a run on {spec.dataset}, wanted one on {dataset}; name it with --reference {spec.dataset}"
        )
    root = str(data_root) if data_root else None
    experiment = resolve(Request.of(spec, dataset=reference, data_root=root, extractor="none", device=device))
    sample = _sampler(path, experiment, spec.seed)
    latents = evaluation_latents(experiment.dataset, spec.seed, spec.samples).to(device)
    with torch.no_grad():
        samples = torch.cat([sample(chunk) for chunk in torch.split(latents, CHUNK)]).cpu()
    return samples, _changes(spec, experiment.template)


def _spec(path: Path) -> RunSpec:
    try:
        spec = RunSpec.from_dict(parse_json((path / SPEC).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, RecordError) as error:
        raise SamplesError(f"{path / SPEC}: cannot be read as a run's spec ({error})") from error
    if not 2 <= spec.samples <= MOST:
        raise SamplesError(f"{path / SPEC}: found a run of {spec.samples} samples, wanted 2 to {MOST:,}")
    return spec


def _sampler(path: Path, experiment: Experiment, seed: int) -> Callable[[Tensor], Tensor]:
    """What makes samples (n, *sample shape) of latents (n, latent dim), as at the end of the run."""
    if isinstance(experiment.variant, Recipe):
        return _generator(path, experiment, experiment.variant, seed).to(experiment.request.device)
    trainer = experiment.trainer((seed,))
    if experiment.variant is not None:
        tensors = _tensors(path / CHECKPOINT)
        try:
            trainer.load_checkpoint(tensors)
        except Exception as error:  # a trainer of anybody's, shown a file of anybody's
            raise _unfit(path, f"the trainer of {experiment.request.variant}", error) from error
    return trainer.sample


def _generator(path: Path, experiment: Experiment, recipe: Recipe, seed: int) -> nn.Module:
    """The generator in evaluation mode, with the running average of its weights where the recipe keeps one."""
    tensors = _tensors(path / CHECKPOINT)
    weights = _below("average.", tensors) or _below("generator.", tensors)
    generator, _ = seeded_pair(recipe, experiment.dataset, seed)
    try:
        generator.load_state_dict(weights)
    except RuntimeError as error:
        raise _unfit(path, f"the generator of {experiment.request.variant}", error) from error
    return generator.eval()


def _unfit(path: Path, whose: str, error: Exception) -> SamplesError:
    return SamplesError(
        f"{path / CHECKPOINT}: does not fit {whose} as it is installed here ({' '.join(str(error).split())[:200]}); "
        "evaluate it with the version that the run's record names, or write samples to a .npy file and evaluate that"
    )


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise SamplesError(
            f"{path}: cannot be read ({error}); wanted the checkpoint of a run that ended; continue it with --resume"
        ) from error


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): x for name, x in tensors.items() if name.startswith(prefix)}


def _changes(spec: RunSpec, now: RunSpec) -> list[str]:
    """What is no longer as it was when the run was made."""
    notes = []
    if spec.source_hash != now.source_hash:
        notes.append("the code of the run's variant, dataset or metrics has changed since: so may its samples have")
    if spec.fingerprint != now.fingerprint:
        notes.append("the run was trained on data of another fingerprint than the reference has now")
    return notes
