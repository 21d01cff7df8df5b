import os
import signal

import pytest

from corpus_tools.cli.session import ending_on_interrupt


def test_first_interrupt_is_reported_and_second_raises():
    before, notes = signal.getsignal(signal.SIGINT), []
    with ending_on_interrupt(notes.append) as interrupted:
        assert not interrupted()
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupted()
        assert len(notes) == 1
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
