import { type Post, SHAPES, type Shape } from './post.ts'

type ComposerProps = {
  post: Post
  onEdit: (changes: Partial<Pick<Post, 'text' | 'prompt' | 'shape'>>) => void
  onGenerate: () => void
}

/** Generate stays enabled while a picture is made: a second click is the client's to share, and costs nothing. */
export const Composer = ({ post, onEdit, onGenerate }: ComposerProps) => (
  <form
    class="composer"
    onSubmit={(event) => {
      event.preventDefault()
      onGenerate()
    }}
  >
    <label>
      Text
      <input
        name="text"
        maxLength={200}
        placeholder="What do you want to say?"
        value={post.text}
        onInput={(event) => onEdit({ text: event.currentTarget.value })}
      />
    </label>
    <label>
      Picture
      <textarea
        name="prompt"
        rows={2}
        required
        maxLength={4_000}
        placeholder="a red bicycle leaning on a yellow wall"
        value={post.prompt}
        onInput={(event) => onEdit({ prompt: event.currentTarget.value })}
      />
    </label>
    <div class="row">
      <label class="inline">
        Shape
        <select
          name="shape"
          value={post.shape}
          onChange={(event) => onEdit({ shape: event.currentTarget.value as Shape })}
        >
          {SHAPES.map((shape) => (
            <option key={shape}>{shape}</option>
          ))}
        </select>
      </label>
      <button type="submit" class="primary">
        Generate
      </button>
    </div>
  </form>
)
