"""Small hand-made records for tests of what is made from records."""

from __future__ import annotations

from typing import Any

from ganbench.record import RunRecord, RunSpec

QUANTITIES = {
    "modes_covered": {"direction": "higher", "unit": "modes", "lowest": 0, "highest": None, "meaning": "modes held"},
    "reverse_kl": {"direction": "lower", "unit": "nats", "lowest": 0.0, "highest": None, "meaning": "unevenness"},
    "auc": {"direction": "neither", "unit": "", "lowest": 0, "highest": 1, "meaning": "told apart"},
}
METERS = {"samples": 1280, "d_steps": 10, "g_steps": 10, "flops": 2_500_000, "seconds": 0.5}


def spec(variant: str = "nsgan", seed: int = 0, **changes: Any) -> RunSpec:
    """A spec on ring8 whose fields are `changes` where given."""
    standard: dict[str, Any] = {
        "dataset": "ring8",
        "budget": "1280 samples",
        "group": (seed,),
        "standard": "MLPPair(width=128, depth=2)",
        "batch_size": 128,
        "points": 2,
        "samples": 1000,
        "curve_samples": 250,
        "metrics": ("modes",),
        "fingerprint": "f" * 64,
        "source_hash": "a" * 64,
    }
    return RunSpec(variant=variant, seed=seed, **{**standard, **changes})


def ok(variant: str = "nsgan", seed: int = 0, modes: float | None = None, **changes: Any) -> RunRecord:
    """An ok record: `values` holds `modes` as modes_covered, and what else is given as `values`."""
    values = {**({} if modes is None else {"modes_covered": modes}), **changes.pop("values", {})}
    return RunRecord(
        spec=spec(variant, seed, **changes),
        status="ok",
        meters=METERS,
        values=values,
        quantities=QUANTITIES,
        headline="modes_covered",
        parameters={"generator": 17_282, "discriminator": 17_153},
        seconds={"evaluation": 0.25},
        provenance={"versions": {"torch": "2.13.0"}},
    )


def failed(status: str, variant: str = "nsgan", seed: int = 0, reason: str = "", **changes: Any) -> RunRecord:
    """A record of a run that failed half-way, with a value that must not be used."""
    return RunRecord(
        spec=spec(variant, seed, **changes),
        status=status,
        reason=reason,
        meters={"samples": 640, "d_steps": 5, "g_steps": 5, "flops": 1_250_000, "seconds": 0.25},
        values={"modes_covered": 1000.0},
        quantities=QUANTITIES,
        headline="modes_covered",
    )
