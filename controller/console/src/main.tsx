import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { LiveProvider, startLive } from './live-context.tsx';
import './page.css';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element named root');
startLive();
createRoot(root).render(
  <StrictMode>
    <LiveProvider>
      <App />
    </LiveProvider>
  </StrictMode>,
);
