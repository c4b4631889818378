import { useState } from 'preact/hooks'
import { ActionLog } from './action-log.tsx'
import { Composer } from './composer.tsx'
import { LedgerBar } from './ledger-bar.tsx'
import { Picture } from './picture.tsx'
import { PostActions } from './post-actions.tsx'
import { Preview } from './preview.tsx'
import { SavedPosts } from './saved-posts.tsx'
import { type StudioOptions, useStudio } from './use-studio.ts'

export const StudioPage = (options: StudioOptions) => {
  const studio = useStudio(options)
  const [isPreviewing, setIsPreviewing] = useState(false)
  const { post, generation, ledger } = studio
  if (!ledger) return <p role="status">Waiting for the server…</p>

  const preview = () => {
    setIsPreviewing(true)
    void studio.preview()
  }

  return (
    <>
      <header class="top">
        <div>
          <h1>Studio</h1>
          <p class="muted">An app that posts pictures. Click as often as you like.</p>
        </div>
        <nav aria-label="Pages" class="row">
          {options.hasGuards ? (
            <a href="?guards=off">See it without the guards</a>
          ) : (
            <a href="?">Back to the guards</a>
          )}
          <a href="/">Dashboard</a>
        </nav>
      </header>
      {!options.hasGuards && (
        <p class="banner" role="note">
          <strong>Guards are off.</strong> Every action asks for a picture of its own, as apps do
          that keep no count: generate, save, load, preview and post are five paid calls.
        </p>
      )}
      <LedgerBar ledger={ledger} onStartOver={studio.startOver} />
      <main>
        <section class="card" aria-labelledby="post-title">
          <div class="title">
            <h2 id="post-title">Your post</h2>
            <button type="button" class="quiet" onClick={studio.begin}>
              New post
            </button>
          </div>
          <Composer post={post} onEdit={studio.edit} onGenerate={studio.generate} />
          <Picture post={post} generation={generation} />
          <PostActions post={post} studio={studio} onPreview={preview} />
        </section>
        <div class="aside">
          <SavedPosts
            items={studio.items}
            currentId={post.id}
            onLoad={studio.load}
            onRemove={studio.remove}
          />
          <ActionLog entries={studio.entries} />
        </div>
      </main>
      {isPreviewing && (
        <Preview
          post={post}
          author={options.ownerId}
          generation={generation}
          onClose={() => setIsPreviewing(false)}
        />
      )}
    </>
  )
}
