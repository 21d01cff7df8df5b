"""Croissant export: a machine-readable description of a table of clips (MLCommons, 1.0).

Source: Akhtar et al., "Croissant: A Metadata Format for ML-Ready Datasets", DEEM 2024;
http://mlcommons.org/croissant/1.0.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from manifests.exports.contents import COLUMNS, Contents
from manifests.storage.store import sha256_file, write_jsonl, write_text

__all__ = ["DESCRIPTION", "describe", "write"]

DESCRIPTION = "croissant.json"
TABLE = "clips.jsonl"


def write(contents: Contents, folder: Path) -> None:
    """Write ``clips.jsonl``, a row per clip, and ``croissant.json``, which describes it."""
    write_jsonl(folder / TABLE, contents.rows())
    params = contents.manifest.header.params
    document = describe(
        params,
        version=contents.manifest.header.version,
        created=contents.manifest.header.created,
        table=TABLE,
        table_sha256=sha256_file(folder / TABLE),
        columns=COLUMNS,
    )
    write_text(folder / DESCRIPTION, document)


def describe(
    params: Mapping[str, Any],
    *,
    version: str,
    created: str,
    table: str,
    table_sha256: str,
    columns: Sequence[str],
) -> str:
    """Return the Croissant description of a table of clips in JSON Lines, a file beside it.

    ``params`` has the sections ``corpus`` and ``card`` of corpus.toml; ``created`` is in UTC.
    """
    corpus, card = params.get("corpus", {}), params.get("card", {})
    name = str(corpus.get("name") or "corpus")
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": name,
        "description": card.get("description") or f"Emotional speech: {name}",
        "version": f"{version.removeprefix('v')}.0.0",
        "datePublished": created,
        "inLanguage": corpus.get("language") or "und",
        "license": corpus.get("licence") or "unknown",
        **({"citeAs": card["citation"]} if card.get("citation") else {}),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": table,
                "name": table,
                "contentUrl": table,
                "encodingFormat": "application/jsonlines",
                "sha256": table_sha256,
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "clips",
                "name": "clips",
                "key": {"@id": "clips/clip_id"},
                "field": [_field(column, table) for column in columns],
            }
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _field(column: str, table: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"clips/{column}",
        "name": column,
        "description": _MEANINGS.get(column, column.replace("_", " ")),
        "dataType": _TYPES.get(column, "sc:Text"),
        **({"repeated": True} if column in _REPEATED else {}),
        "source": {"fileObject": {"@id": table}, "extract": {"column": column}},
    }


_TYPES = {
    "fold": "sc:Integer",
    "soft": "sc:Float",
    "agreement": "sc:Float",
    "text_confidence": "sc:Float",
    "adjudicated": "sc:Boolean",
    "age": "sc:Integer",
    "start": "sc:Float",
    "end": "sc:Float",
    "duration": "sc:Float",
}
_REPEATED = {"soft", "votes"}
_MEANINGS = {
    "clip_id": "unique id of the clip",
    "file": "path of its audio: 16 kHz, mono, 16 bit",
    "path": "path of its audio in the corpus folder: 16 kHz, mono, 16 bit",
    "split": "train, val, test, or held: on no side",
    "emotion": "angry, fear, happy, neutral, surprise or sad",
    "soft": "share of each class in the votes: angry, fear, happy, neutral, surprise, sad",
    "votes": "annotator and emotion of each vote; no emotion: unclear",
    "text_confidence": "share of the vote of recognised texts that the text has",
    "agreement": "share of the votes that agree with the emotion",
    "adjudicated": "whether one person decided after the votes",
    "start": "seconds into the source",
    "end": "seconds into the source",
    "duration": "seconds",
    "group": "clips of one group are on one side",
    "sha256": "sha256 of the samples",
    "file_sha256": "sha256 of the file",
}
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
