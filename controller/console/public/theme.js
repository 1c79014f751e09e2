// Before the first paint, so that nobody sees a flash of the other theme.
try {
  const theme = localStorage.getItem('ringwave-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme it is.
}
