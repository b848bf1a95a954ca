"""Inception-v3's path, with random weights of the right shapes, and what is refused in the place of its weights."""

import hashlib
import io
import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from ganbench.errors import ExtractorError
from ganbench.metrics.features import load_extractor
from ganbench.metrics.inception import FILE, URL
from ganbench.vision import torch_fidelity


class Untrained(torch_fidelity.FeatureExtractorInceptionV3):
    """The network as it is before it is given weights."""

    def load_state_dict(self, *_: object, **__: object) -> None:
        pass


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """Random weights under torch-fidelity's names."""
    empty = io.BytesIO()
    torch.save({}, empty)
    empty.seek(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Untrained("untrained", ["2048"], feature_extractor_weights_path=empty).state_dict()


@pytest.fixture(scope="module")
def weights(state: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of random weights."""
    file = tmp_path_factory.mktemp("inception") / "weights.pth"
    torch.save(state, file)
    return file


class Malicious:
    """An object that makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


def test_it_gives_what_torch_fidelity_gives(weights: Path) -> None:
    """2048 features and 1008 logits without bias, those of torch-fidelity's own class, under the file's hash."""
    image = torch.randint(256, (1, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    theirs = torch_fidelity.FeatureExtractorInceptionV3(
        "theirs", ["2048", "logits_unbiased"], feature_extractor_weights_path=str(weights)
    )
    extractor = load_extractor("inception", weights)
    found = extractor(image)
    features, logits = theirs(image)
    assert (found.features.shape, found.logits.shape) == ((1, 2048), (1, 1008))
    assert torch.equal(found.features, features)
    assert torch.equal(found.logits, logits)
    assert extractor.sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()


def test_grey_images_are_repeated_in_three_channels(state: dict[str, Tensor], tmp_path: Path) -> None:
    """A grey image gives what the same image gives in colour; safetensors are read as well."""
    file = tmp_path / "weights.safetensors"
    save_file(state, file)
    grey = torch.randint(256, (1, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    extractor = load_extractor("inception", file)
    assert torch.equal(extractor(grey).features, extractor(grey.repeat(1, 3, 1, 1)).features)


@pytest.mark.parametrize(
    ("held", "found"), [((torch.zeros(2),), "tuple"), ([torch.zeros(2)], "list"), ({"fc.bias": 3}, "dict")]
)
def test_a_file_that_holds_no_state_dict_is_refused(held: object, found: str, tmp_path: Path) -> None:
    """What torch reads as safe need not be tensors by name."""
    torch.save(held, tmp_path / "weights.pth")
    with pytest.raises(ExtractorError, match=rf"weights\.pth is damaged or holds more than tensors \({found}\)"):
        load_extractor("inception", tmp_path / "weights.pth")


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain pickle", "state dict"])
def test_a_malicious_file_is_refused_and_not_executed(wrapped: bool, tmp_path: Path) -> None:
    """Whether it is a pickle or stands among the tensors of a file that torch.save wrote."""
    file, made = tmp_path / "weights.pth", tmp_path / "made"
    if wrapped:
        torch.save({"fc.bias": torch.zeros(1008), "fc.weight": Malicious(made)}, file)
    else:
        file.write_bytes(pickle.dumps(Malicious(made)))
    with pytest.raises(ExtractorError, match=r"weights\.pth is damaged or holds more than tensors \(UnpicklingError\)"):
        load_extractor("inception", file)
    assert not made.exists()


def test_the_malicious_file_would_have_been_executed(tmp_path: Path) -> None:
    """The test above tests something: plain unpickling makes the folder."""
    pickle.loads(pickle.dumps(Malicious(tmp_path / "made")))
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_a_damaged_file_is_refused(name: str, tmp_path: Path) -> None:
    """The error says what was wanted."""
    (tmp_path / name).write_bytes(b"<html>not found</html>")
    with pytest.raises(ExtractorError, match=f"{name} is damaged .* wanted a state dict of tensors: https://"):
        load_extractor("inception", tmp_path / name)


@pytest.mark.parametrize("content", [{"conv": torch.zeros(3)}, {1: torch.zeros(3)}])
def test_other_weights_are_refused(content: object, tmp_path: Path) -> None:
    """Tensors, but not Inception's."""
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(
        ExtractorError, match=r"other\.pth does not hold Inception-v3's weights as torch-fidelity names them"
    ):
        load_extractor("inception", tmp_path / "other.pth")


def test_absent_weights_are_told_where_to_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says where to download them, where to put them, and how to do without."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(ExtractorError) as caught:
        load_extractor("inception")
    for part in (URL, str(tmp_path / "checkpoints" / FILE), "--extractor-weights", "--extractor none"):
        assert part in str(caught.value)


def test_weights_in_the_cache_must_be_the_official_ones(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file under torch-fidelity's name whose hash does not start as that name says is refused."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / FILE).symlink_to(weights)
    with pytest.raises(ExtractorError, match=r"of sha256 \w{64}, wanted one that starts with 6726825d; download https"):
        load_extractor("inception")
