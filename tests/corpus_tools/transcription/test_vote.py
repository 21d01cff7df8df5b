import pytest

from corpus_tools.transcription.vote import Ballot, Voter, error_rates, split_units


def vote(*texts, errors=None, shares=None):
    voters = [
        Voter(f"r{place}", text, 1.0 if shares is None else shares[place])
        for place, text in enumerate(texts)
    ]
    rates = dict.fromkeys([voter.origin for voter in voters], 0.2) | (errors or {})
    return Ballot(voters).vote(rates)


@pytest.mark.parametrize(
    ("texts", "voted"),
    [
        (("今天巴适得很", "今天八四得很", "今天巴适得横"), "今天巴适得很"),
        (("今天，巴适！", "今天巴适", "明天巴适"), "今天，巴适！"),
        (("今天好", "今天巴好", "今巴好"), "今天巴好"),  # a character that one left out
        (("今天吧好", "今天好", "今天好"), "今天好"),  # a character that one put in
        (("他在吃饭", "他再吃饭", "他再吃"), "他再吃饭"),
        (("他在家", "他再家", "他得家"), "他在家"),  # homophones lend weight: 在 over 得
        (("他得家", "他在家", "他再家"), "他在家"),
        (("the end", "the and", "he end"), "the end"),
        (("Don’t go, now", "don't know now", "don't go"), "Don’t go, now"),
        (("Dzień dobry panu", "dzien dobry panu", "Dzień dobre"), "Dzień dobry panu"),
        (("他说 OK 了", "他说OK了", "他说 k 了"), "他说 OK 了"),
        (("สวัสดี", "สวสดี", "สวัสดี"), "สวัสดี"),
        (("", "好", "好"), "好"),
        (("", "", "好"), ""),
        (("……", "！", ""), ""),
    ],
)
def test_the_vote_of_three(texts, voted):
    assert vote(*texts).text == voted


def test_the_better_decides_among_three_but_not_against_two_that_agree():
    errors = {"r0": 0.3, "r1": 0.1, "r2": 0.3}
    assert vote("他要走", "他不走", "他都走", errors=errors).text == "他不走"
    assert vote("他都走", "他不走", "他都走", errors=errors).text == "他都走"


def test_in_a_tie_the_most_trusted_decides_and_confidence_is_the_share_of_the_vote():
    even = vote("他不走", "他要走")
    assert even.text == "他不走"
    assert [share for _, share in even.units] == [1, 0.5, 1]
    assert even.confidence == pytest.approx(2.5 / 3, abs=1e-4)
    alike = vote("他在走", "他再走")
    assert [share for _, share in alike.units] == [1, 0.75, 1]
    assert vote("好的", "好的", "好的").confidence == 1


def test_a_text_that_a_guard_emptied_weighs_less():
    assert vote("谢谢观看", "谢谢观看", "好", shares=[0.25, 0.25, 1]).text == "好"


def test_words_that_differ_are_apart_where_a_text_ends():
    assert vote("go", "go home", "go home").text == "go home"
    assert [unit.letters for unit in split_units("Straße, 3点")] == ["strasse", "3", "点"]


def test_an_origin_that_is_outvoted_weighs_less_and_two_texts_outvote_nobody():
    lines = ["今天巴适得很", "莫得事", "你在干啥子", "我要走了"] * 10
    ballots = [
        Ballot([Voter("bad", line[1:] + "吧"), Voter("a", line), Voter("b", line)])
        for line in lines
    ]
    rates = error_rates(ballots, ["a", "b", "bad", "absent"])
    assert rates["bad"] > 0.25 > 0.1 > rates["a"] == rates["b"]
    assert rates["absent"] == 0.2
    pairs = [Ballot([Voter("a", line), Voter("b", line[1:])]) for line in lines]
    assert error_rates(pairs, ["a", "b"]) == {"a": 0.2, "b": 0.2}
