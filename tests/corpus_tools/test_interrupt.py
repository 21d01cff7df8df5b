import os
import signal

import pytest

from corpus_tools.cli.interrupt import ending_on_interrupt


def test_the_first_interrupt_asks_and_the_second_ends():
    before, told = signal.getsignal(signal.SIGINT), []
    with ending_on_interrupt(told.append) as asked:
        assert not asked()
        os.kill(os.getpid(), signal.SIGINT)
        assert asked()
        assert len(told) == 1
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
