const BLOCK_BYTES = 1024 * 1024

/** Keeps runs of bytes in large blocks: nothing that a garbage collector would have to look at, however many there are. */
export class ByteLog {
  #blocks = []
  #used = BLOCK_BYTES
  #starts = []
  #ends = []

  add(bytes, from, end) {
    if (end - from > BLOCK_BYTES) throw new Error(`A run of ${end - from} bytes`)
    if (this.#used + end - from > BLOCK_BYTES) {
      this.#blocks.push(Buffer.allocUnsafeSlow(BLOCK_BYTES))
      this.#used = 0
    }
    const blockAt = (this.#blocks.length - 1) * BLOCK_BYTES
    this.#starts.push(blockAt + this.#used)
    this.#used += bytes.copy(this.#blocks.at(-1), this.#used, from, end)
    this.#ends.push(blockAt + this.#used)
  }

  all() {
    return this.#starts.map((start, index) => {
      const block = this.#blocks[Math.floor(start / BLOCK_BYTES)]
      return block.subarray(start % BLOCK_BYTES, (start % BLOCK_BYTES) + this.#ends[index] - start)
    })
  }
}
