import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from corpus_tools.transcription.recognisers.batching import Batches, chunked
from manifests.base.errors import ConfigurationError


class Gpu:
    """Mock of a GPU that squares as many numbers at once as its memory holds."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.batches: list[int] = []

    def squares(self, numbers: list[int]) -> list[int]:
        if len(numbers) > self.room:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        self.batches.append(len(numbers))
        return [number**2 for number in numbers]


def test_full_gpu_memory_halves_the_batch() -> None:
    said: list[str] = []
    gpu, batches = Gpu(room=3), Batches(8, said.append)
    assert batches.map(gpu.squares, range(9)) == [n**2 for n in range(9)]
    assert gpu.batches == [2, 2, 2, 2, 1]
    assert [line.split()[-1] for line in said] == ["4", "2"]
    assert batches.map(gpu.squares, [1, 2, 3]) == [1, 4, 9]
    assert gpu.batches[5:] == [2, 1]
    assert len(said) == 2


def test_memory_too_small_for_one_item_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="smaller model"):
        Batches(4, print).map(Gpu(room=0).squares, [1, 2])


@given(st.lists(st.integers(0, 20)), st.integers(1, 8))
def test_chunks_hold_every_source_once_and_group_small_ones(
    sizes: list[int], batch_size: int
) -> None:
    chunks = list(chunked(list(enumerate(sizes)), lambda one: one[1], batch_size))
    assert sorted(one for chunk in chunks for one in chunk) == list(enumerate(sizes))
    filled = [sum(size for _, size in chunk) for chunk in chunks]
    assert sum(total < batch_size for total in filled) <= 1
    assert all(
        len(chunk) == 1 or total < 2 * batch_size
        for chunk, total in zip(chunks, filled, strict=True)
    )
