/* The theme stands on <html data-theme>, set by the server from the account. A choice on the account page shows at once. */
for (const option of document.querySelectorAll('input[name="theme"]')) {
  option.addEventListener("change", () => { document.documentElement.dataset.theme = option.value; });
}
