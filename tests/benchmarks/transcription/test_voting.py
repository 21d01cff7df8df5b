import pytest

from benchmarks.transcription.voting import SEEDS, Simulation

LINES = [
    "今天晚上我们一起去吃火锅好不好",
    "你不要再说了我听不下去了",
    "他昨天在学校门口等了你两个小时",
    "这件事情跟你没有一点关系",
    "妈妈说她明天早上坐火车回来",
    "我真的不知道他为什么生气",
    "快点走吧再不走就要迟到了",
    "谁让你把我的杯子打碎的",
    "孩子们都在院子里头等到起在",
    "莫得事我自己晓得咋个办",
    "老板给我来一碗面多放点辣椒",
    "我从来没有见过这么漂亮的地方",
    "医生说他的病已经好得差不多了",
    "你是不是又把钥匙忘在家里了",
    "那个时候我们还住在河边的房子里",
    "别怕有我在没有人敢欺负你",
]
SIMULATION = Simulation([f"{one}{other}" for one in LINES for other in LINES if one != other])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_vote_of_recognisers_is_better_than_the_best_and_knows_its_errors(seed):
    found = SIMULATION.run(seed, 60)
    assert list(found.rates.values()) == pytest.approx([0.3, 0.2, 0.1], abs=0.05)
    assert found.voted < 0.1
    assert found.good, found
