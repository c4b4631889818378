import { render } from 'preact'
import { App } from './app.tsx'
import './styles/fonts.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/parts.css'
import './styles/notices.css'
import './styles/table.css'
import './styles/shell.css'
import './styles/playground.css'
import './styles/generations.css'
import './styles/overview.css'
import './styles/gallery.css'
import './styles/meter.css'
import './styles/owners.css'
import './styles/endpoints.css'
import './styles/settings.css'
import './styles/keys.css'
import './styles/alerts.css'
import './styles/interval.css'
import './styles/similarity.css'
import './styles/receipts.css'
import './styles/find.css'

const root = document.getElementById('app')
// What was shown meanwhile goes: it is no part of what is rendered.
root?.replaceChildren()
if (root) render(<App />, root)
