// `npm start` builds, but not again what it has built: the type checker's four seconds are most of a start.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const STAMP = 'dist/.inputs'
const inputs = ['src', 'migrations', 'demo']
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
  .concat('ormconfig.ts', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json')
  .map((file) => [file, statSync(file)])
  .filter(([, stat]) => stat.isFile())
  .map(([file, { mtimeMs, size }]) => `${file} ${mtimeMs} ${size}`)
  .sort()
  .join('\n')

if (inputs !== built()) {
  console.log('Building …')
  const { status } = spawnSync('npm run --silent build', { stdio: 'inherit', shell: true })
  if (status !== 0) process.exit(status ?? 1)
  writeFileSync(STAMP, inputs)
}

function built() {
  try {
    return readFileSync(STAMP, 'utf8')
  } catch {
    return undefined
  }
}
