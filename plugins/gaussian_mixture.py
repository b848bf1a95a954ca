"""A mixture of Gaussians fitted by expectation maximisation: what needs no network at all.

Dempster, Laird and Rubin, "Maximum Likelihood from Incomplete Data via the EM Algorithm", Journal of the Royal
Statistical Society B 39(1), 1977, https://doi.org/10.1111/j.2517-6161.1977.tb01600.x, the section on finite mixtures;
the algorithm is scikit-learn's `GaussianMixture`, begun by k-means as is its habit.

The budget is spent on real samples alone. A "collection" draws a batch and keeps at most `kept` distinct samples of all
that were drawn. An "em" update is one iteration on what is kept, and continues where the last one ended; the
iterations are spread evenly over the budget. An "initialisation" begins anew, by k-means and a first iteration,
whenever twice as much is kept as at the last one. All of it happens in training and on its clock, and none in sampling.
scikit-learn computes outside torch, so the FLOPs of a fit are not metered, and a budget of FLOPs is not applicable.

Choices. Dempster et al. choose no number of components. The 32 here are meant to be ample, not right: where there are
fewer modes, several components share one, and where there are more, some modes are missed. Covariances are full up to
`widest_full` dimensions and diagonal above: a full one of 28 x 28 pixels has 307,720 numbers, which no component has
the samples for, and an iteration costs hundreds of times that of a diagonal one. Samples of images are cut to [-1, 1],
which a Gaussian does not know of. Until there are samples to fit, the model is one standard normal.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

import torch
from sklearn import mixture
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from ganbench import Dataset, Supply, Trainer, Variant, hookimpl

from .collection import Collection
from .noise import normals, uniform

SAMPLES_PER_COMPONENT = 4
"""Fewer components are fitted while there are fewer samples than this for each."""
PARAMETERS = ("weights", "means", "covariances", "precisions_cholesky")


@dataclass(frozen=True)
class GaussianMixture(Variant):
    """EM on a bounded collection of what was drawn."""

    name = "gaussian_mixture"
    paper = "https://doi.org/10.1111/j.2517-6161.1977.tb01600.x"

    components: int = 32
    widest_full: int = 100
    """Dimensions up to which covariances are full; diagonal above."""
    kept: int = 10_000
    """Most samples kept."""
    iterations: int = 100
    """Of EM, over the whole budget."""
    floor: float = 1e-6
    """Added to every variance, so that no component collapses onto a sample; scikit-learn's reg_covar."""

    def covariance_type(self, dimensions: int) -> str:
        """scikit-learn's name for the covariances in that many dimensions."""
        return "full" if dimensions <= self.widest_full else "diag"

    def trainer(self, dataset: Dataset, seed: int, device: str) -> MixtureTrainer:
        return MixtureTrainer(self, dataset, seed)


class MixtureTrainer(Trainer):
    """Collects, and fits what it has collected."""

    updates = ("collection", "initialisation", "em")

    def __init__(self, settings: GaussianMixture, dataset: Dataset, seed: int) -> None:
        self._settings, self._seed, self._shape = settings, seed, dataset.sample_shape
        self._is_image = dataset.is_image
        dimensions = prod(self._shape)
        self._type = settings.covariance_type(dimensions)
        self._collection = Collection(settings.kept, self._shape, seed)
        self._parameters = _standard_normal(dimensions, self._type)
        self._bound = torch.tensor(0.0, dtype=torch.float64)
        """Mean log likelihood of what was kept, under the parameters before the last iteration."""
        self._fitted = self._iterations = 0
        """Samples kept at the last initialisation, and iterations since the beginning."""

    def step(self, supply: Supply) -> str:
        """Initialises or iterates where that is due, else collects a batch."""
        n = len(self._collection)
        if n >= 2 * max(1, self._fitted):
            self._fit(self._model(min(self._settings.components, max(1, n // SAMPLES_PER_COMPONENT))))
            self._fitted = n
            return "initialisation"
        if self._fitted and self._iterations <= supply.spent_fraction * self._settings.iterations:
            self._fit(self._continued())
            self._iterations += 1
            return "em"
        self._collection.add(supply.real())
        return "collection"

    def _model(self, components: int) -> mixture.GaussianMixture:
        return mixture.GaussianMixture(
            components,
            covariance_type=self._type,
            reg_covar=self._settings.floor,
            max_iter=1,
            warm_start=True,
            random_state=self._seed,
        )

    def _continued(self) -> mixture.GaussianMixture:
        """scikit-learn's model as its last iteration left it."""
        model = self._model(len(self._parameters["weights"]))
        for name, tensor in self._parameters.items():
            setattr(model, f"{name}_", tensor.numpy().copy())
        model.lower_bound_, model.converged_ = float(self._bound), False
        return model

    def _fit(self, model: mixture.GaussianMixture) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # one iteration is not meant to converge
            model.fit(self._collection.samples.numpy())
        self._parameters = {name: torch.from_numpy(getattr(model, f"{name}_").copy()) for name in PARAMETERS}
        self._bound = torch.tensor(float(model.lower_bound_), dtype=torch.float64)

    @torch.no_grad()
    def sample(self, latent: Tensor) -> Tensor:
        """Each latent's noise says which component and where in it."""
        noise = normals(latent, 1 + prod(self._shape))
        weights, means = self._parameters["weights"], self._parameters["means"]
        component = torch.searchsorted(weights.cumsum(0), uniform(noise[:, 0])).clamp(max=len(weights) - 1)
        x = means[component] + self._spread(component, noise[:, 1:])
        x = x.clamp(-1, 1) if self._is_image else x
        return x.reshape(-1, *self._shape).to(latent.device, torch.float32)

    def _spread(self, component: Tensor, noise: Tensor) -> Tensor:
        """`noise` (n, dimensions) with the covariance of each one's component."""
        covariances = self._parameters["covariances"]
        if self._type == "diag":
            return covariances[component].sqrt() * noise
        out = torch.empty_like(noise)
        for k, root in enumerate(torch.linalg.cholesky(covariances)):
            out[component == k] = noise[component == k] @ root.T
        return out

    def score(self, x: Tensor) -> None:
        """None: there is no discriminator."""

    @property
    def parameter_counts(self) -> dict[str, int]:
        """Weights, means and covariances of a mixture with all its components."""
        d, k = prod(self._shape), self._settings.components
        return {"mixture": k - 1 + k * (d + (d * (d + 1) // 2 if self._type == "full" else d))}

    def state_dict(self) -> dict[str, Tensor]:
        """What is kept, the mixture, and how far the fit is."""
        state = {f"collection.{name}": tensor for name, tensor in self._collection.state().items()}
        state |= {name: tensor.clone() for name, tensor in self._parameters.items()}
        return state | {"bound": self._bound.clone(), "progress": torch.tensor([self._fitted, self._iterations])}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Continues from what `state_dict` returned, bit for bit."""
        self._collection.load_state({name: state[f"collection.{name}"] for name in ("keys", "samples")})
        self._parameters = {name: state[name].clone() for name in PARAMETERS}
        self._bound = state["bound"].clone()
        self._fitted, self._iterations = map(int, state["progress"])

    def checkpoints(self) -> list[dict[str, Tensor]]:
        """The mixture alone, which is all of the state that sampling needs."""
        return [dict(self._parameters)]


def _standard_normal(dimensions: int, covariance_type: str) -> dict[str, Tensor]:
    """The parameters of one component with mean zero and the identity as covariance."""
    identity = torch.eye(dimensions) if covariance_type == "full" else torch.ones(dimensions)
    values = torch.ones(1), torch.zeros(1, dimensions), identity[None], identity[None].clone()
    return {name: value.double() for name, value in zip(PARAMETERS, values, strict=True)}


@hookimpl
def register_variants(register: Callable[[str, Variant], None]) -> None:
    """Offers `gaussian_mixture`."""
    register("gaussian_mixture", GaussianMixture())
