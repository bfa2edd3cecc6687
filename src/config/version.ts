import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `import.meta.dirname` is newer than the Nodes that are told here that they are too old. */
const { version, engines } = packageAbove(dirname(fileURLToPath(import.meta.url)))

/** The package's, such as 0.2.0. */
export const VERSION = version
/** The oldest Node that all of it runs on, such as >=24.11. */
export const NODE_NEEDED = engines.node

/** `src` and `dist/src` are not equally deep. */
function packageAbove(folder: string): Package {
  const file = join(folder, 'package.json')
  if (!existsSync(file)) return packageAbove(dirname(folder))
  return JSON.parse(readFileSync(file, 'utf8')) as Package
}

interface Package {
  version: string
  engines: { node: string }
}
