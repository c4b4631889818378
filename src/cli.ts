#!/usr/bin/env node
import { Command, InvalidArgumentError, Option } from 'commander'
import { environment, parseClientConfig, parseConfig } from './app/config.ts'
import { runCommand } from './app/process.ts'
import {
  aspectRatioSchema,
  imageSizeSchema,
  keyScopeSchema,
  keyVariantsSchema,
  tierSchema,
  upstreamKeyRuleSchema,
} from './contract/vocabulary.ts'
import { VERSION } from './lib/version.ts'

/* Each command loads what it needs when it runs, so that none waits for another's parts. */

const program = new Command('imageonce')
  .description('Generate every image once.')
  .version(VERSION)
  .showHelpAfterError()

program
  .command('start')
  .description('run everything on this machine: Postgres, API, worker')
  .action(() =>
    runCommand(async () => {
      const config = parseConfig(environment)
      const [{ runAll }, { printBanner }] = await Promise.all([
        import('./start.ts'),
        import('./cli/banner.ts'),
      ])
      await runAll(config, printBanner)
    }),
  )

program
  .command('api')
  .description('run the API process')
  .action(() => runCommand(async () => (await import('./api.ts')).runApi(parseConfig(environment))))

program
  .command('worker')
  .description('run a worker process')
  .action(() =>
    runCommand(async () => (await import('./worker.ts')).runWorker(parseConfig(environment))),
  )

program
  .command('migrate')
  .description('bring the database to the newest schema')
  .action(() =>
    runCommand(async () => (await import('./cli/migrate.ts')).runMigrate(parseConfig(environment))),
  )

program
  .command('relink')
  .description('find images without objects and objects without images, as after a restore')
  .option('--apply', 'mend what is found', false)
  .option('--force', 'even where most images have no object', false)
  .action((options) =>
    runCommand(async () =>
      (await import('./cli/relink.ts')).runRelink(parseConfig(environment), options),
    ),
  )

program
  .command('retention')
  .description('count what the RETENTION_ settings would remove')
  .option('--apply', 'remove it now, instead of tomorrow', false)
  .action((options) =>
    runCommand(async () =>
      (await import('./cli/retention.ts')).runRetention(parseConfig(environment), options),
    ),
  )

const owner = program
  .command('owner')
  .description('hand over or erase all that is kept of an owner')

owner
  .command('export')
  .description('write all that is kept of an owner into a tar archive')
  .argument('<id>', 'whose')
  .requiredOption('--out <file>', 'where to; must not be there yet')
  .action((id, options) =>
    runCommand(async () =>
      (await loadOwner()).exportOwnerTo(parseConfig(environment), id, options),
    ),
  )

owner
  .command('erase')
  .description('erase all that is kept of an owner, for good')
  .argument('<id>', 'whose')
  .option('--yes', 'do it', false)
  .action((id, options) =>
    runCommand(async () =>
      (await loadOwner()).eraseOwnerNow(parseConfig(environment), id, options),
    ),
  )

program
  .command('erasures')
  .description('what was erased')
  .command('apply')
  .description('erase again, in a database that was restored, who was erased since its backup')
  .action(() => runCommand(async () => (await loadOwner()).applyErasures(parseConfig(environment))))

function loadOwner() {
  return import('./cli/owner.ts')
}

const installation = program
  .command('installation')
  .description('say whose queue the Redis of this database is')
  .action(() =>
    runCommand(async () => (await loadInstallation()).showInstallation(parseConfig(environment))),
  )

installation
  .command('renew')
  .description('make the copy of a database an installation of its own')
  .action(() => runCommand(async () => (await loadInstallation()).renew(parseConfig(environment))))

installation
  .command('keep')
  .description('let a restored database take the place of the one that is gone')
  .action(() => runCommand(async () => (await loadInstallation()).keep(parseConfig(environment))))

installation
  .command('adopt')
  .description(
    'take over what waits in the queue of the release before, where no other installation used it',
  )
  .action(() => runCommand(async () => (await loadInstallation()).adopt(parseConfig(environment))))

function loadInstallation() {
  return import('./cli/installation.ts')
}

const spending = program
  .command('spending')
  .description('stop all paying, let it go on, and say what is spent')
spending
  .command('pause')
  .description('send no call to the model from now on')
  .action(() => runSpending((command, config) => command.pause(config)))
spending
  .command('resume')
  .description('let calls be paid for again')
  .action(() => runSpending((command, config) => command.resume(config)))
spending
  .command('status')
  .description('say what is spent, and whether paying is stopped')
  .action(() => runSpending((command, config) => command.showStatus(config)))

const budget = program
  .command('budget')
  .description('limit what a scope may cost: all, owner:NAME, key:ID or prefix:TEXT')
budget
  .command('list')
  .description('print the limits that operators have set')
  .action(() => runSpending((command, config) => command.list(config)))
budget
  .command('set')
  .description('limit a scope by UTC day and month')
  .argument('<scope>', 'all, owner:NAME, key:ID or prefix:TEXT')
  .option('--daily <usd>', 'US dollars a day', Number)
  .option('--monthly <usd>', 'US dollars a month', Number)
  .action((scope, options) => runSpending((command, config) => command.set(config, scope, options)))
budget
  .command('remove')
  .description('take the limits of a scope away')
  .argument('<scope>', 'as it was set')
  .action((scope) => runSpending((command, config) => command.remove(config, scope)))

type SpendingCommand = typeof import('./cli/spending.ts')

function runSpending(
  use: (command: SpendingCommand, config: ReturnType<typeof parseConfig>) => Promise<void>,
) {
  return runCommand(async () => use(await import('./cli/spending.ts'), parseConfig(environment)))
}

program
  .command('doctor')
  .description('look at everything that the settings name, and say what to do')
  .action(() =>
    runCommand(async () => (await import('./cli/doctor.ts')).runDoctor(parseConfig(environment))),
  )

program
  .command('token')
  .description('print a token for an owner')
  .option('--owner <id>', 'whose images they are', 'dev')
  .option('--admin', 'an operator, who may see all', false)
  .option('--days <days>', 'how long it is good for (1)', parseDays)
  .action((options) =>
    runCommand(async () =>
      (await import('./cli/token.ts')).runToken(parseConfig(environment), options),
    ),
  )

const keys = program.command('keys').description('make, list and revoke keys (io_…)')

keys
  .command('create')
  .description('print a new key, once')
  .requiredOption('--name <name>', 'what people tell it apart by')
  .option('--owner <id>', 'whose it is')
  .option('--on-behalf', 'each request names its owner (Imageonce-Owner)', false)
  .option('--namespace <name>', 'where its owners are')
  .option('--scopes <list>', `of ${keyScopeSchema.options.join(', ')} (read,generate)`)
  .option('--models <list>', 'models that it may ask for')
  .option('--sizes <list>', 'sizes that it may ask for')
  .option('--lanes <list>', 'lanes that it may ask for')
  .option('--origins <list>', 'origins of the pages that may use it')
  .option('--days <days>', 'how long it is good for', parseDays)
  .option('--daily-usd <amount>', 'what it may cost in a day', Number)
  .option('--monthly-usd <amount>', 'what it may cost in a month', Number)
  .option('--per-minute <count>', 'requests for images in a minute', Number)
  .option(
    '--variants <rule>',
    `what equal calls at once are, of ${keyVariantsSchema.options.join(', ')} (one)`,
  )
  .option(
    '--eager-tier <tier>',
    `at which price its eager lane is made, of ${tierSchema.options.join(', ')} (EAGER_TIER)`,
  )
  .option(
    '--upstream-keys <rule>',
    `whether it brings keys for the provider, of ${upstreamKeyRuleSchema.options.join(', ')}`,
  )
  .action((options) =>
    runCommand(async () => (await loadKeys()).runCreateKey(parseConfig(environment), options)),
  )

keys
  .command('list')
  .description('all keys, newest first')
  .action(() => runCommand(async () => (await loadKeys()).runListKeys(parseConfig(environment))))

keys
  .command('revoke')
  .description('end a key for good')
  .argument('<id>', 'its id, k_…')
  .action((id) =>
    runCommand(async () => (await loadKeys()).runRevokeKey(parseConfig(environment), id)),
  )

function loadKeys() {
  return import('./cli/keys.ts')
}

program
  .command('generate')
  .description('generate an image with a running server')
  .argument('<prompt>', 'what to show')
  .option('--condition <file>', 'a picture to go by (png, jpeg or webp)')
  .option('--enhance', 'make that picture better instead of a new one', false)
  .addOption(new Option('--aspect <ratio>', 'aspect ratio').choices(aspectRatioSchema.options))
  .addOption(new Option('--size <size>', 'image size').choices(imageSizeSchema.options))
  .option('--model <name>', 'model, instead of the server’s default')
  .option('--force', 'make a new image even if there is one', false)
  .option('--out <file>', 'save the image here (.png, .jpg or .webp)')
  .action((prompt, options) =>
    runCommand(async () => {
      const { runGenerate } = await import('./cli/generate.ts')
      const client = parseClientConfig(environment)
      await runGenerate(client, () => parseConfig(environment), prompt, options)
    }),
  )

program
  .command('mcp')
  .description(
    'serve images to an assistant (Model Context Protocol, on standard input and output)',
  )
  .action(() =>
    runCommand(async () => {
      const { runMcp } = await import('./cli/mcp.ts')
      await runMcp(parseClientConfig(environment), () => parseConfig(environment))
    }),
  )

function parseDays(text: string): number {
  const days = Number(text)
  if (Number.isFinite(days) && days > 0) return days
  throw new InvalidArgumentError('must be a number of days.')
}

await program.parseAsync()
