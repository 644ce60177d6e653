import { exponential, Histogram } from '../../words/histogram.ts'

const SIZE_BYTES = exponential(1024, 2, 8)

/** What the watches of a resource were told, all of them together, and what its lists showed. */
export class WatchFigures {
  readonly sizes = new Histogram(SIZE_BYTES)
  /** Watches that were ended because their clients did not read. */
  slow = 0
  readonly lists = { requests: 0, walked: 0, shown: 0 }

  get events(): number {
    return this.sizes.count
  }

  /** A frame of so many bytes went to so many watches. */
  told(frameBytes: number, watches: number): void {
    this.sizes.observe(frameBytes, watches)
  }

  listed(walked: number, shown: number): void {
    this.lists.requests++
    this.lists.walked += walked
    this.lists.shown += shown
  }
}
