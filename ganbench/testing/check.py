"""A check: one claim about a plugin, why it matters, how to mend a plugin of which it does not hold, and the test."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ganbench.errors import NotApplicable, one_line
from ganbench.testing.plain import plainly
from ganbench.testing.result import Result
from ganbench.testing.surroundings import restored

Subject = TypeVar("Subject")


class Failed(AssertionError):  # noqa: N818 - reads as the status it becomes
    """What a check found in place of what it claims."""


@dataclass(frozen=True)
class Check(Generic[Subject]):
    """A claim about a subject. `run` raises `Failed`, or `NotApplicable` with the reason, or returns what to say."""

    name: str
    claim: str
    why: str
    mend: str
    run: Callable[[Subject], str | None]
    gate: bool
    """Whether the checks after it need it to pass."""


def check(why: str, mend: str, gate: bool = False) -> Callable[[Callable[[Subject], str | None]], Check[Subject]]:
    """Makes a check of a function; its docstring is the claim."""

    def of(run: Callable[[Subject], str | None]) -> Check[Subject]:
        claim = " ".join((inspect.getdoc(run) or "").split())
        return Check(run.__name__, claim, why, mend, run, gate)

    return of


@dataclass(frozen=True)
class Trial:
    """A check with its subject."""

    check: Check[Any]
    subject: Any

    def __str__(self) -> str:
        return self.check.name

    def __call__(self) -> None:
        """Makes the check.

        Raises:
            Failed: with what was found, why it matters and how to mend it.
        """
        result = self.result()
        if result.status == "failed":
            raise Failed(story(result))

    def result(self) -> Result:
        """Makes the check; whatever the plugin raises, SystemExit too, is a failure of the check."""
        made = self.check
        try:
            with restored():
                note = made.run(self.subject)
        except NotApplicable as reason:
            return Result(made.name, "not_applicable", made.claim, one_line(reason))
        except Failed as failure:
            found = one_line(failure)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
            found = plainly(error)
        else:
            return Result(made.name, "passed", made.claim, one_line(note or ""))
        return Result(made.name, "failed", made.claim, found, made.why, made.mend, last=made.gate)


def aimed(checks: Iterable[Check[Subject]], subject: Subject) -> Iterator[Trial]:
    """Each of the checks, of one subject."""
    return (Trial(each, subject) for each in checks)


def results(trials: Iterable[Trial]) -> Iterator[Result]:
    """Makes the checks in turn, up to the first that the others need and that fails."""
    for trial in trials:
        result = trial.result()
        yield result
        if result.last:
            return


def require(holds: object, found: str) -> None:
    """Raises `Failed` with what was found, unless the claim holds."""
    if not holds:
        raise Failed(found)


def story(result: Result) -> str:
    """A failure as a few lines of text."""
    return (
        f"{result.check}: {result.claim}\n"
        f"  found: {result.found}\n"
        f"  why it matters: {result.why}\n"
        f"  how to mend it: {result.mend}"
    )
