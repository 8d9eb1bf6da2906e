import pytest
from hypothesis import settings

from reslib.datasets import cifar10, fashion_mnist, own_files

# The first example of a property also reads the file: it may be slow on a busy machine.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def nothing_remembered():
    """What one test loaded, or pretended to, is no business of the next."""
    remembered = (fashion_mnist.subset, fashion_mnist.full, cifar10.full, own_files._read)
    for load in remembered:
        load.cache_clear()
    yield
    for load in remembered:
        load.cache_clear()
