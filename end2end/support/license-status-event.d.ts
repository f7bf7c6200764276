/** The event as the page's document has it, for listeners at the document. */
interface DocumentEventMap {
  "license-status": CustomEvent<Record<string, unknown>>;
}
interface HTMLElementEventMap {
  "license-status": CustomEvent<Record<string, unknown>>;
}
