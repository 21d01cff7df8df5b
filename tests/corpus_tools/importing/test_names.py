"""Files of a table in another Unicode form or another case."""

import shutil
import unicodedata

import pytest

from corpus_tools.importing.run import import_manifest

FORMS = [unicodedata.normalize(form, "wav/Żal é") for form in ("NFC", "NFD")]


@pytest.mark.parametrize(("stored", "given"), [FORMS, FORMS[::-1]])
@pytest.mark.parametrize("suffix", [".wav", ""])
def test_a_table_may_write_names_in_another_form(corpus, sounds, stored, given, suffix):
    shutil.copy(sounds / "wav/0.wav", sounds / f"{stored}.wav")
    (sounds / "list.csv").write_text(f"file,emotion\n{given}{suffix},sad\n", encoding="utf-8")
    outcome = import_manifest(corpus, sounds / "list.csv")
    assert (outcome.kept, outcome.ok) == (1, True)


def test_another_case_is_refused_with_the_name_that_is_there(corpus, sounds):
    rows = ["wav/1.wav,sad", "wav/2.wav,sad", "WAV/3.wav,sad"]
    (sounds / "list.csv").write_text("\n".join(["file,emotion", *rows]), encoding="utf-8")
    outcome = import_manifest(corpus, sounds / "list.csv")
    (failure,) = outcome.failures
    assert failure.item == "list.csv, line 4"
    assert "no such file in" in failure.reason
    assert "did you mean 'wav/3.wav'?" in failure.reason
    assert outcome.kept == 2


def test_a_whole_table_in_another_case_is_one_failure(corpus, sounds):
    rows = [f"WAV/{number}.WAV,sad" for number in range(8)]
    (sounds / "list.csv").write_text("\n".join(["file,emotion", *rows]), encoding="utf-8")
    (failure,) = import_manifest(corpus, sounds / "list.csv").failures
    assert failure.item == "8 of 8 rows"
    assert "did you mean 'wav/0.wav'? Names must agree in upper and lower case" in failure.reason
