import audformat
import pandas
import pytest
import soundfile

from manifests.base.emotions import EMOTIONS


@pytest.mark.parametrize("audio", ["copy", "flac"])
def test_audformat_reads_every_clip_with_all_fields(export, manifest, samples, audio):
    folder = export("audformat", audio=audio)
    database = audformat.Database.load(str(folder))
    assert (database.name, database.languages) == ("川 v2", ["zho"])
    assert database.license == "CC-BY-4.0"
    assert set(database.tables) == {"train", "dev", "test", "held", "votes"}
    names = {"val": "dev"}
    for entry in manifest.entries:
        table = database[names.get(entry.split, entry.split)]
        [file] = [one for one in table.index if entry.clip_id in one]
        row = table.df.loc[file]
        assert (row["emotion"], row["text"]) == (entry.emotion, entry.text)
        assert (row["speaker"], row["source_id"]) == (entry.speaker, entry.source_id)
        sentence = None if pandas.isna(row["sentence"]) else row["sentence"]
        assert (sentence, row["group"]) == (entry.sentence, entry.group)
        assert [row[f"soft_{name}"] for name in EMOTIONS] == pytest.approx(entry.soft)
        assert (row["duration"], row["adjudicated"]) == (entry.duration, entry.adjudicated)
        votes = database["votes"].df.loc[file].dropna().to_dict()
        last = "a02 adjudication" if entry.adjudicated and len(entry.votes) == 2 else None
        if last is not None:
            assert votes == {"a01": entry.emotion, last: "unclear"}
        assert soundfile.read(folder / file, dtype="int16")[0].tolist() == samples(entry)
    ages = database["train"]["speaker"].get(map="age")
    assert set(ages) == {31}


def test_every_vote_is_exported_with_its_rater(export, manifest):
    database = audformat.Database.load(str(export("audformat")))
    votes = database["votes"]
    assert {column.rater_id for column in votes.columns.values()} <= set(database.raters)
    count = int(pandas.DataFrame(votes.df).notna().sum().sum())
    assert count == sum(len(entry.votes) for entry in manifest.entries)
