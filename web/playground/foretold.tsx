import type { ExplainedImage } from '../../src/client.ts'
import { thumbnailUrl } from '../gallery/thumbnails.ts'
import { formatUsd } from '../parts/format.ts'
import { Icon, type IconName } from '../parts/icon.tsx'
import { listDetails, sayWhat } from './foretold-words.ts'
import type { Explained } from './use-explanation.ts'

type Props = {
  explained: Explained
  isLocal: boolean
  /** Shown while nothing better is known. */
  listPriceUsd: number
}

/** What would come of the request, as it stands in the form, in a line. */
export const Foretold = ({ explained, isLocal, listPriceUsd }: Props) => {
  const { images = [] } = explained?.explanation ?? {}
  const image = images.find(({ would }) => would !== 'reuse') ?? images[0]
  if (!explained || !image) {
    return (
      <p class="foretold">
        {isLocal ? 'Free: no model is called' : `${formatUsd(listPriceUsd)} by list price, once`}
      </p>
    )
  }
  const { explanation, isOf } = explained
  return (
    <p class={`foretold foretold-${image.would}${isOf ? '' : ' foretold-before'}`} role="status">
      <Sign image={image} />
      <span>
        <strong>{sayWhat(explanation, image, isLocal)}</strong>
        {listDetails(explanation, image, isLocal).map((detail) => (
          <span key={detail} class="muted">
            {' · '}
            {detail}
          </span>
        ))}
      </span>
    </p>
  )
}

const SIGN_WIDTH = 160

const icons: Record<ExplainedImage['would'], IconName> = {
  reuse: 'check',
  join: 'clock',
  buy: 'coins',
  wait: 'clock',
  refuse: 'warning',
}

const Sign = ({ image: { would, from } }: { image: ExplainedImage }) =>
  would === 'reuse' && from ? (
    <img src={thumbnailUrl(from.imageUrl, SIGN_WIDTH)} alt="What exists already" />
  ) : (
    <Icon name={icons[would]} />
  )
