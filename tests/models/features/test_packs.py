import errno
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from models.features.packs import Packs, packed_clips, write_pack

WIDTH = 3


def _arrays(*names, speed=1.0):
    random = np.random.default_rng(len(names))
    return {
        (hashlib.sha256(name.encode()).hexdigest(), speed): random.normal(
            size=(2 + place, WIDTH)
        ).astype(np.float32)
        for place, name in enumerate(names)
    }


def _same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


def _mapped(folder):
    maps = Path("/proc/self/maps")
    return not maps.exists() or str(folder) in maps.read_text()


def test_arrays_are_memory_mapped(tmp_path):
    packs, arrays = Packs(tmp_path / "made", WIDTH), _arrays("a", "b", "c")
    _same(packs.add(arrays), arrays)
    found = packs.find([*arrays, ("0" * 64, 1.0)])
    _same(found, arrays)
    for array in found.values():
        assert not array.flags.owndata
        assert not array.flags.writeable
    assert _mapped(tmp_path)


def test_arrays_are_found_in_any_pack(tmp_path):
    packs, first, second = Packs(tmp_path, WIDTH), _arrays("a", "b"), _arrays("b", speed=1.25)
    packs.add(first)
    packs.add(second)
    _same(packs.find([*first, *second]), first | second)


def test_pack_of_another_width_is_ignored(tmp_path):
    arrays = _arrays("a")
    Packs(tmp_path, WIDTH).add(arrays)
    assert Packs(tmp_path, WIDTH + 1).find(list(arrays)) == {}


@pytest.mark.parametrize("end", [0, 1, 20, 55, 56, 57, 200, -1, -40, -60, -200])
def test_truncated_pack_is_refused(tmp_path, end):
    path, arrays = tmp_path / "x.safetensors", _arrays("a", "b", "c")
    write_pack(path, arrays)
    path.write_bytes(path.read_bytes()[:end])
    assert Packs(tmp_path, WIDTH).find(arrays) == {}


def test_only_the_array_with_a_changed_byte_is_refused(tmp_path):
    packs, arrays = Packs(tmp_path, WIDTH), _arrays("a", "b", "c")
    packs.add(arrays)
    [path] = tmp_path.iterdir()
    first, second, third = arrays
    data = bytearray(path.read_bytes())
    data[data.index(arrays[second].tobytes()) + 5] ^= 1
    path.write_bytes(data)
    _same(packs.find(list(arrays)), {name: arrays[name] for name in (first, third)})
    packs.add({second: arrays[second]})
    _same(packs.find(list(arrays)), arrays)


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="space"):
        Packs(tmp_path, WIDTH).add(_arrays("a"))
    assert list(tmp_path.iterdir()) == []


def test_stale_unfinished_packs_and_those_of_earlier_versions_are_removed(tmp_path):
    removed = [tmp_path / name for name in (".stale.safetensors", "a.pack", ".a.pack")]
    kept = [tmp_path / name for name in (".new.safetensors", "new.pack", ".bashrc", "notes")]
    for path in removed + kept:
        path.write_bytes(b"half")
    for path in [*removed, *kept[2:]]:
        os.utime(path, (0, 0))
    Packs(tmp_path, WIDTH).add(_arrays("a"))
    assert not any(path.exists() for path in removed)
    assert all(path.exists() for path in kept)


def test_arrays_of_another_kind_and_pipes_are_refused(tmp_path):
    from safetensors.numpy import save_file

    def save(rows):
        save_file({key: rows}, tmp_path / "a.safetensors", {key: _digest(rows)})

    name = (hashlib.sha256(b"a").hexdigest(), 1.0)
    key = f"{name[0]}@1.0"
    save(np.ones((2, WIDTH), dtype=np.float32))
    assert name in Packs(tmp_path, WIDTH).find([name])
    for rows in (np.ones((2, WIDTH)), np.ones((0, WIDTH), dtype=np.float32)):
        save(rows)
        assert Packs(tmp_path, WIDTH).find([name]) == {}
    (tmp_path / "a.safetensors").unlink()
    os.mkfifo(tmp_path / "a.safetensors")
    assert Packs(tmp_path, WIDTH).find([name]) == {}


def _digest(rows):
    return hashlib.sha256(rows.tobytes()).hexdigest()


def test_packed_clips_lists_clips_of_each_pack(tmp_path):
    arrays = _arrays("a", "b")
    write_pack(tmp_path / "whole.safetensors", arrays)
    (tmp_path / ".half.safetensors").write_bytes(b"half")
    (tmp_path / "notes.txt").write_bytes(b"kept")
    packed = {path.name: digests for path, digests in packed_clips(tmp_path)}
    assert packed == {
        ".half.safetensors": set(),
        "whole.safetensors": {digest for digest, _ in arrays},
    }
