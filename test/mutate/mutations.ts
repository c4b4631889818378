import type { Mutation } from './mutation.ts'
import { access } from './mutations/access.ts'
import { batches } from './mutations/batches.ts'
import { books } from './mutations/books.ts'
import { clients } from './mutations/clients.ts'
import { explain } from './mutations/explain.ts'
import { gateway } from './mutations/gateway.ts'
import { money } from './mutations/money.ts'
import { owners } from './mutations/owners.ts'
import { pictures } from './mutations/pictures.ts'
import { privacy } from './mutations/privacy.ts'
import { providers } from './mutations/providers.ts'
import { secrets } from './mutations/secrets.ts'
import { spending } from './mutations/spending.ts'
import { submissions } from './mutations/submissions.ts'
import { tiers } from './mutations/tiers.ts'
import { upstreamKeys } from './mutations/upstream-keys.ts'

/** At least one for each line that money, owners or secrets hang on. */
export const mutations: readonly Mutation[] = [
  ...money,
  ...batches,
  ...clients,
  ...gateway,
  ...spending,
  ...submissions,
  ...owners,
  ...secrets,
  ...upstreamKeys,
  ...access,
  ...privacy,
  ...pictures,
  ...providers,
  ...explain,
  ...tiers,
  ...books,
]
