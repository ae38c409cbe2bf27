// Applies the theme that was chosen earlier. Without a choice the system's preference holds.
try {
  const theme = localStorage.getItem('bulkhead.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage may be denied; the system's preference holds then.
}
