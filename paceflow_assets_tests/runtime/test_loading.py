"""Loading: the garbage collector rests, and is afterwards as it was."""

import gc

import pytest

from paceflow_assets.runtime.loading import loading


@pytest.fixture(autouse=True)
def thawed():
    """What a test freezes is collected again."""
    yield
    gc.enable()
    gc.unfreeze()


def test_what_is_loaded_is_kept_from_the_collector():
    """It rests meanwhile, and does not walk over what was loaded then."""
    before = gc.get_freeze_count()

    with loading():
        rests = not gc.isenabled()
        loaded = [[] for _ in range(100)]

    assert rests
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(loaded)


def test_a_failure_wakes_it_up_again():
    """Whatever fails to load."""
    with pytest.raises(ModuleNotFoundError), loading():
        raise ModuleNotFoundError

    assert gc.isenabled()


def test_who_put_it_to_rest_wakes_it_up():
    """One that rested before still rests, as within another loading."""
    gc.disable()

    with loading():
        pass

    assert not gc.isenabled()
