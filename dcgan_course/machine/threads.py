"""How many CPU threads work: measured, for a machine that does something else too is faster with fewer of them.

Threads wait for one another at the end of every operation, some hundred times in a training step. Where another
program holds a core, all of them wait for the one thread whose core it is; one thread alone loses its share of time
and no more.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sized

import torch

SECONDS = 0.5  # that a measurement takes, about, on a machine with nothing else to do
COST = 0.05  # the part of the time that may go into measuring, which takes seconds where the machine is very busy
SLOW = 0.7  # below this part of the speed that it had, a training measures again
GAIN = 1.1  # another number is taken where it is so much faster
PATIENCE = 60.0  # seconds after which fewer threads than all are compared with more again: the machine may be free now

_at_first = torch.get_num_threads()  # before anything here has changed it
_settled = None  # what `settle` was told


def all_threads() -> int:
    """As many as the machine, a container's share of it, OMP_NUM_THREADS or torch.set_num_threads allow."""
    from joblib import cpu_count  # knows of containers

    now = torch.get_num_threads()
    return max(1, min(_at_first if now == _settled else now, cpu_count()))


def ladder(most: int) -> list[int]:
    """The numbers that are tried: one, the halves of all, one fewer than all, all.

    >>> ladder(8)
    [1, 2, 4, 7, 8]
    """
    return sorted({most >> i for i in range(most.bit_length())} | {max(1, most - 1)})


def speeds(trial: Callable[[int], object], batch: int, numbers: list[int]) -> dict[int, float]:
    """Images a second with each number of threads, tried in turn.

    Args:
        trial: works on so many images, at most `batch`. On fewer where a whole batch takes long.
        numbers: rising. One that takes twice as long as another is tried only once: on a busy machine it is ten times.
    """
    begin = time.perf_counter()
    part = max(2, batch // 8)
    torch.set_num_threads(numbers[0])
    trial(part)  # makes ready
    part = max(2, min(batch, int(part * SECONDS / 4 / seconds_of(trial, part))))
    times = {number: [] for number in numbers}
    running = numbers
    while len(running) > 1 and (len(times[running[0]]) < 2 or time.perf_counter() - begin < SECONDS):
        for number in running:
            torch.set_num_threads(number)
            times[number].append(seconds_of(trial, part))
        best = min(mean(times[number]) for number in running)
        running = [number for number in running if mean(times[number]) < 2 * best]
    return {number: part / mean(taken) for number, taken in times.items()}


def seconds_of(trial: Callable[[int], object], part: int) -> float:
    """Seconds that a trial works on so many images."""
    begin = time.perf_counter()
    trial(part)
    return time.perf_counter() - begin


def mean(times: list[float]) -> float:
    """The mean of one or more times, in seconds."""
    return sum(times) / len(times)


class Threads:
    """The number of threads that work, chosen at the start and again when the speed falls.

    Args:
        make_trial: returns what does a typical piece of work on so many images. It is called for each measurement, so
            that nothing stays in memory between two of them. The global random stream is put back afterwards.
        batch: images of one piece of work.
        number: to begin with, not measured; 0, or one that is not tried here = measure.
        speed: images a second that were seen with `number`.
    """

    def __init__(self, make_trial: Callable[[], Callable[[int], object]], batch: int, number: int = 0,
                 speed: float = 0.0):
        self.make_trial, self.batch, self.numbers = make_trial, batch, ladder(all_threads())
        self.begun = self.measured_at = time.perf_counter()
        self.spent = self.seconds = 0.0
        self.images = 0
        self.number = number if number in self.numbers else self.numbers[-1]
        self.speed = speed  # images a second: the best that was seen
        torch.set_num_threads(self.number)
        if number != self.number and len(self.numbers) > 1:
            self.measure(gain=1.0)

    def __str__(self) -> str:
        return f"{self.number} of {self.numbers[-1]} CPU threads (the fastest now, as measured)"

    @property
    def fewer(self) -> bool:
        """Than all."""
        return self.number < self.numbers[-1]

    def measure(self, gain: float = GAIN) -> None:
        """Try all numbers, and take the fastest where it is `gain` times as fast as the one in use."""
        begin = time.perf_counter()
        with torch.random.fork_rng(devices=[]):
            found = speeds(self.make_trial(), self.batch, self.numbers)
        best = max(found, key=found.get)
        if found[best] > gain * found[self.number]:
            self.number = best
        self.speed = found[self.number]
        torch.set_num_threads(self.number)
        self.measured_at = time.perf_counter()
        self.spent += self.measured_at - begin
        self.seconds, self.images = 0.0, 0

    @contextlib.contextmanager
    def timed(self, images: int) -> Iterator[None]:
        """Around a piece of work on so many images: once in a second its speed is looked at."""
        begin = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - begin
        self.images += images
        if self.seconds > 1 and len(self.numbers) > 1:
            self.look(time.perf_counter())

    def over(self, parts: Iterable[Sized]) -> Iterator:
        """The parts of some work, one by one, while the time that is spent on each is looked at."""
        for part in parts:
            with self.timed(len(part)):
                yield part

    def look(self, now: float) -> None:
        """Measure again where the work has become slow, or more threads may have become faster; not too often."""
        speed, self.seconds, self.images = self.images / self.seconds, 0.0, 0
        slow, waited = speed < SLOW * self.speed, now - self.measured_at > PATIENCE
        self.speed = max(self.speed, speed)
        if (slow or (waited and self.fewer)) and self.spent < COST * (now - self.begun):
            self.measure()


class Fixed:
    """A number of threads that nothing changes; 0 = as many as work now."""

    speed = 0.0
    fewer = False

    def __init__(self, number: int = 0):
        if number:
            torch.set_num_threads(number)
        self.number = torch.get_num_threads()

    def __str__(self) -> str:
        return f"{self.number} CPU threads"

    def timed(self, images: int) -> contextlib.AbstractContextManager:
        """As `Threads.timed`, but nothing is measured."""
        return contextlib.nullcontext()

    def over(self, parts: Iterable[Sized]) -> Iterator:
        """As `Threads.over`, but nothing is measured."""
        return iter(parts)


@contextlib.contextmanager
def cpu_threads(number: int | None = None) -> Iterator[None]:
    """Inside, so many threads work, None = as many as before; afterwards as many as before."""
    before = torch.get_num_threads()
    try:
        if number:
            torch.set_num_threads(number)
        yield
    finally:
        torch.set_num_threads(before)


def settle(number: int) -> None:
    """From now on so many threads work in this process; who measures again may take all."""
    global _settled
    torch.set_num_threads(number)
    _settled = number
