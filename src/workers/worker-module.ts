/** How to start a worker thread: the file and the flags Node needs to run it. */
export interface WorkerModule {
  filename: string
  execArgv: string[]
}

/**
 * Finds a worker that stands beside the module that calls: `.js` in dist, `.ts` where the source itself runs
 * (vitest). Node strips the types of a `.ts` file but does not look for `./x.ts` when it says `./x.js`, as our
 * imports do; the hook, which exists only in that second case, does.
 *
 * @param callerUrl the caller's `import.meta.url`
 * @param name file name without its ending
 */
export function workerModule(callerUrl: string, name: string): WorkerModule {
  const fromSource = new URL(callerUrl).pathname.endsWith('.ts')
  const filename = new URL(`${name}${fromSource ? '.ts' : '.js'}`, callerUrl).href
  return { filename, execArgv: fromSource ? ['--import', TYPESCRIPT_SIBLINGS] : [] }
}

const TYPESCRIPT_SIBLINGS = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  registerHooks({
    resolve(specifier, context, next) {
      const ours = specifier.startsWith('.') && context.parentURL?.endsWith('.ts')
      return next(ours ? specifier.replace(/\\.js$/, '.ts') : specifier, context)
    },
  })
`)}`
