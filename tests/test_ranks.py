"""Rank intervals and letters, worked out by hand."""

import numpy as np
import pytest

from ganbench.ranks import compared, rank_intervals, separated, tie_letters


def better(rows, *pairs):
    matrix = np.zeros((rows, rows), dtype=bool)
    for winner, loser in pairs:
        matrix[winner, loser] = True
    return matrix


@pytest.mark.parametrize(
    ("rows", "pairs", "letters"),
    [
        (0, [], []),
        (1, [], ["a"]),
        (3, [], ["a", "a", "a"]),
        (3, [(0, 1), (0, 2), (1, 2)], ["a", "b", "c"]),
        # neighbours alone are tied: {0 1 2 3} -> {1 2 3} {0 1 3} -> {1 2 3} {0 1} -> {2 3} {1 2} {0 1}
        (4, [(0, 2), (0, 3), (1, 3)], ["a", "ab", "bc", "c"]),
        # the third, of wide spread, is tied with both of two that are not tied
        (3, [(0, 1)], ["a", "b", "ab"]),
        # the centre {0 1 2} of three triangles holds no pair that they do not: it needs no letter
        (6, [(0, 4), (1, 5), (2, 3), (3, 4), (3, 5), (4, 5)], ["ab", "ac", "bc", "a", "c", "b"]),
        # the lead of the first over all others leaves one letter for the rest
        (4, [(0, 1), (0, 2), (0, 3)], ["a", "b", "b", "b"]),
    ],
)
def test_letters_by_hand(rows, pairs, letters):
    """Insertion splits each group of a separated pair, absorption and sweeping drop what other groups hold."""
    assert tie_letters(better(rows, *pairs)) == letters


def test_letters_say_exactly_what_is_separated():
    """In any pattern, two rows share a letter if and only if they are not separated, and no group is within another."""
    random = np.random.default_rng(0)
    for _ in range(200):
        rows = int(random.integers(2, 9))
        matrix = np.triu(random.random((rows, rows)) < 0.4, 1)
        letters = tie_letters(matrix)
        for one in range(rows):
            for other in range(one + 1, rows):
                assert bool(set(letters[one]) & set(letters[other])) is not bool(matrix[one, other])
        groups = [{row for row in range(rows) if letter in letters[row]} for letter in sorted(set("".join(letters)))]
        assert not any(one < other for one in groups for other in groups)
        assert groups == sorted(groups, key=sorted)


def test_more_groups_than_the_alphabet_has_letters():
    """Sixty rows that are all separated have sixty letters of one character each."""
    letters = tie_letters(np.triu(np.ones((60, 60), dtype=bool), 1))
    assert letters[25:27] == ["z", "A"]
    assert len(set(letters)) == 60
    assert {len(each) for each in letters} == {1}


def test_rank_intervals_count_what_is_separated():
    """Of four, one better than the last two may be first or second; nothing known is any rank."""
    assert rank_intervals(better(4, (0, 2), (0, 3), (1, 3))) == [(1, 2), (1, 3), (2, 4), (3, 4)]
    assert rank_intervals(better(3)) == [(1, 3)] * 3
    assert rank_intervals(better(3, (2, 0), (2, 1), (1, 0))) == [(3, 3), (2, 2), (1, 1)]


@pytest.mark.parametrize("matrix", [[[False, True]], [[False, True], [True, False]], [[True]]])
def test_what_is_no_order_is_refused(matrix):
    """Two rows cannot each be better than the other, nor one than itself."""
    for function in (rank_intervals, tie_letters):
        with pytest.raises(ValueError, match=r"wanted \(rows, rows\)"):
            function(matrix)


def test_pairs_are_tested_over_the_seeds_that_both_have():
    """NaN is no run, -inf a failure: rows 0 and 1 share six seeds, rows 0 and 2 two, rows 1 and 2 none."""
    nan = np.nan
    scores = [
        [5, 5, 5, 5, 5, -np.inf, nan, 1],
        [1, 2, 3, 4, -np.inf, -np.inf, nan, nan],
        [nan, nan, nan, nan, nan, nan, 9, 9],
    ]
    first, second = compared(scores)
    assert first[:5] == (0, 1, 6, 1, 2 / 32)  # five differences that are not 0, of one sign: one of them infinite
    assert first.adjusted == 4 / 32
    assert second[:5] == (0, 2, 1, -1, 1)


def test_the_sign_of_the_sum_says_which_is_better():
    """Six seeds of one sign separate a pair; failures outweigh any number."""
    ahead = np.array([[1e9] * 5 + [-np.inf] * 6, [0.0] * 11])
    (pair,) = compared(ahead)
    assert pair.lead == -1
    assert separated(compared([[2.0] * 6, [1.0] * 6]), 2).tolist() == [[False, True], [False, False]]
    assert separated(compared([[-np.inf] * 6, [1.0] * 6]), 2).tolist() == [[False, False], [True, False]]
    assert not separated(compared([[2.0] * 5, [1.0] * 5]), 2).any()
