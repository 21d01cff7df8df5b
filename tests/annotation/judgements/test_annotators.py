import pytest

from annotation.judgements.annotators import Annotators, Rater
from manifests.base.errors import DataError

HEAD = "annotator,server,number,email\n"


def write(root, text):
    path = root / "annotations/annotators.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_nobody_is_renamed_and_no_pseudonym_given_twice(tmp_path):
    write(tmp_path, HEAD + "a02,s,5,\nkept_by_hand,s,6,\n")
    annotators = Annotators(tmp_path, used=["a07"])
    assert annotators.pseudonym("s", Rater(5, None)) == "a02"
    assert annotators.pseudonym("s", Rater(6, None)) == "kept_by_hand"
    assert annotators.pseudonym("s", Rater(1, None)) == "a08"
    assert annotators.pseudonym("other", Rater(5, None)) == "a09"
    assert annotators.find("s", Rater(2, None)) is None


def test_row_prepared_with_an_address_is_completed(tmp_path):
    path = write(tmp_path, HEAD + "lead,,,Li@lab.example\n")
    annotators = Annotators(tmp_path)
    assert annotators.pseudonym("s", Rater(9, "li@lab.example")) == "lead"
    annotators.save()
    assert path.read_text() == HEAD + "lead,s,9,Li@lab.example\n"
    assert Annotators(tmp_path).find("s", Rater(9, None)) == "lead"


def test_two_accounts_with_one_address_stay_two(tmp_path):
    annotators = Annotators(tmp_path)
    names = {annotators.pseudonym("s", Rater(number, "li@lab.example")) for number in (1, 2)}
    assert names == {"a01", "a02"}


def test_nothing_new_leaves_the_file_alone(tmp_path):
    path = write(tmp_path, HEAD.replace("\n", "\r\n") + "a01,s,5,\r\n")
    annotators = Annotators(tmp_path)
    annotators.pseudonym("s", Rater(5, None))
    annotators.save()
    assert b"\r\n" in path.read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name,mail\n",
        HEAD + "a01,s\n",
        HEAD + "li@lab.example,s,1,\n",
        HEAD + "a01,s,1,\na01,s,2,\n",
        HEAD + "a01,s,-1,\n",
        HEAD + "a01,s,²,\n",
        HEAD + "a01,s,99999999999999999999999,\n",
        HEAD + '"' + "x" * 200_000,
    ],
)
def test_broken_file_is_refused_without_quoting_it(tmp_path, text):
    write(tmp_path, text)
    with pytest.raises(DataError, match=r"annotators\.csv") as caught:
        Annotators(tmp_path)
    assert "lab.example" not in str(caught.value)


@pytest.mark.parametrize("email", ["=cmd()@x", "a b@c", "a@b,c", '"@x', "a@b\nc", "x" * 300 + "@y"])
def test_what_is_no_address_is_not_kept(email):
    assert Rater.parse({"id": 1, "email": email}) == Rater(1, None)
