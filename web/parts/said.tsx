/** The model's words beside its picture. */
export const Said = ({ words }: { words: string | undefined }) =>
  words ? (
    <figure class="said">
      <figcaption class="muted">The model said</figcaption>
      <blockquote>{words}</blockquote>
    </figure>
  ) : null
