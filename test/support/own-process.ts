import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Runs a TypeScript file that stands beside this one in a process of its own, and reads the JSON that it prints. */
export async function inOwnProcess<T>(
  name: string,
  args: string[],
  { flags = [], environment = {} }: { flags?: string[]; environment?: Record<string, string> } = {},
): Promise<T> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, '--import', beside('typescript-hooks.mjs'), beside(name), ...args],
    { env: { ...process.env, ...environment } },
  )
  return JSON.parse(stdout) as T
}
