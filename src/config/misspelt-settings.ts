import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { configSchema } from './config.schema.js'

/** Words with which other programs' settings begin as well; PORT and HOST stand alone. */
const LONGEST_COMMON_WORD = 4

/** A line for each name in the environment or `.env` that nothing here reads, and that was probably meant for us. */
export function misspeltSettings(environment: NodeJS.ProcessEnv): string[] {
  const fromFile = new Set(Object.keys(parseEnv(envFile())))
  const names = [...new Set([...Object.keys(environment), ...fromFile])]
  return misspelt(names, fromFile, Object.keys(configSchema.shape)).map(
    ({ name, meant }) => `${name} is no setting and changes nothing: did you mean ${meant}?`,
  )
}

function envFile(): string {
  try {
    return readFileSync('.env', 'utf8')
  } catch {
    return '' // there need not be one
  }
}

/**
 * Names that nothing here reads and that resemble one of ours, each with the one it was probably meant to be.
 *
 * @param fromFile the names that stand in `.env`, which is ours: there any that begins as one of ours does is named too
 */
export function misspelt(
  names: string[],
  fromFile: Set<string>,
  ours: string[],
): { name: string; meant: string }[] {
  return names.flatMap((name) => {
    if (ours.includes(name)) return []
    const meant = nearest(name, ours) ?? (fromFile.has(name) ? sameBeginning(name, ours) : undefined)
    return meant ? [{ name, meant }] : []
  })
}

/** One slip for every six letters, two at most; or one of two words and more that goes on, or is cut short. */
function nearest(name: string, ours: string[]): string | undefined {
  const upper = name.toUpperCase()
  const continues = (short: string, long: string) => short.includes('_') && long.startsWith(`${short}_`)
  const slips = Math.min(2, Math.floor(upper.length / 6))
  return ours
    .map((one) => ({ one, slips: slipsBetween(upper, one) }))
    .filter((other) => other.slips <= slips || continues(upper, other.one) || continues(other.one, upper))
    .toSorted((a, b) => a.slips - b.slips)[0]?.one
}

function sameBeginning(name: string, ours: string[]): string | undefined {
  const [word = ''] = name.toUpperCase().split('_')
  return word.length >= LONGEST_COMMON_WORD ? ours.find((one) => one.startsWith(`${word}_`)) : undefined
}

/** Letters left out, added, exchanged or swapped with their neighbour (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Infinity
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const exchanged = rows[i - 1]![j - 1]! + Number(a[i - 1] !== b[j - 1])
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? rows[i - 2]![j - 2]! + 1 : Infinity
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, exchanged, swapped))
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}
