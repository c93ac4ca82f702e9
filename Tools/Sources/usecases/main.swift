// The seven uses of a thread pool that everyone starts with, one after the other. The README shows what this prints.
import ConcurrentFutures

try runUseCases()
