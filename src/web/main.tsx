import { render } from 'preact'
import { App } from './app.tsx'
import './styles/fonts.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/parts.css'
import './styles/table.css'
import './styles/shell.css'
import './styles/playground.css'
import './styles/generations.css'
import './styles/overview.css'
import './styles/gallery.css'
import './styles/meter.css'
import './styles/endpoints.css'
import './styles/settings.css'
import './styles/alerts.css'

const root = document.getElementById('app')
if (root) render(<App />, root)
