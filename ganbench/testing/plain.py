"""What a plugin raised, in words that its author can act on: torch's own speak of the harness's inside."""

from __future__ import annotations

from ganbench.errors import one_line

_MEANINGS = (
    (
        (".item()", "data-dependent control flow", "Cannot access data pointer"),
        "it reads the number in a tensor (.item(), .tolist(), .numpy(), float(), bool() or `if`), "
        "which has no one value while many seeds run at once",
    ),
    (("inplace",), "it changes in place a tensor that all seeds share"),
    (("randomness",), "it draws random numbers in a way that cannot be drawn for many seeds at once"),
    (
        ("does not require grad", "does not have a grad_fn", "element 0 of tensors"),
        "no gradient flows: a detach(), a no_grad, an argmax or a comparison cuts it",
    ),
    (("requires_grad_",), "it asks for gradients in place; inside a loss they come from torch.func.grad"),
    (("batching rule",), "it calls an operation that torch cannot run for many seeds at once"),
)


def plainly(error: BaseException) -> str:
    """The error on one line, and before it what it means, where that is known."""
    raised = f"raised {type(error).__name__}: {one_line(error)}".removesuffix(": ")
    text = str(error)
    meaning = next((says for marks, says in _MEANINGS if any(mark in text for mark in marks)), None)
    return f"{meaning}; {raised}" if meaning and isinstance(error, RuntimeError) else raised
