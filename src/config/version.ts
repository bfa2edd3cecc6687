import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The package's, such as 0.2.0. */
export const VERSION = versionAbove(import.meta.dirname)

/** `src` and `dist/src` are not equally deep. */
function versionAbove(folder: string): string {
  const file = join(folder, 'package.json')
  if (!existsSync(file)) return versionAbove(dirname(folder))
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
