import { readdirSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { counter, gauge } from '../apiserver/metrics/metric-family.ts'
import type { MetricSource } from '../apiserver/metrics/metric-family.ts'

const LOOP_RESOLUTION_MS = 50
const NANOSECONDS = 1e9

/** This process under the names that Prometheus' own clients use; looked up when somebody asks. */
export function processMetrics(): MetricSource {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  delay.enable()
  return () => {
    const { user, system } = process.cpuUsage()
    const memory = process.memoryUsage()
    const families = [
      counter('process_cpu_seconds_total', 'Processor time, of user and system.', [[{}, (user + system) / 1e6]]),
      gauge('process_start_time_seconds', 'When the process began, in seconds since 1970.', [[{}, performance.timeOrigin / 1_000]]),
      gauge('process_resident_memory_bytes', 'Resident memory.', [[{}, memory.rss]]),
      ...fromProc(),
      gauge('nodejs_heap_size_total_bytes', 'Heap that is taken from the system.', [[{}, memory.heapTotal]]),
      gauge('nodejs_heap_size_used_bytes', 'Heap in use.', [[{}, memory.heapUsed]]),
      gauge('nodejs_external_memory_bytes', 'Memory outside of the heap.', [[{}, memory.external]]),
      gauge('nodejs_eventloop_lag_mean_seconds', 'How late timers were since the last look, on average.', [[{}, lagSeconds(delay.mean)]]),
      gauge('nodejs_eventloop_lag_max_seconds', 'How late timers were since the last look, at worst.', [[{}, lagSeconds(delay.max)]]),
      gauge('nodejs_eventloop_lag_p99_seconds', 'How late timers were at most, of 99 in 100.', [[{}, lagSeconds(delay.percentile(99))]]),
      gauge('nodejs_version_info', 'What runs this program.', [[{ version: process.version }, 1]]),
    ]
    delay.reset()
    return families
  }
}

/** The histogram holds whole intervals; an empty one says NaN. */
function lagSeconds(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / NANOSECONDS - LOOP_RESOLUTION_MS / 1_000) : 0
}

/** What only Linux tells; elsewhere there is nothing to say. */
function fromProc(): ReturnType<MetricSource> {
  try {
    const open = readdirSync('/proc/self/fd').length
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    const kilobytes = /^VmSize:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return [
      gauge('process_open_fds', 'Open file descriptors.', [[{}, open]]),
      gauge('process_max_fds', 'How many file descriptors may be open.', limit === undefined ? [] : [[{}, Number(limit)]]),
      gauge('process_virtual_memory_bytes', 'Virtual memory.', kilobytes === undefined ? [] : [[{}, Number(kilobytes) * 1024]]),
    ]
  } catch {
    return []
  }
}
