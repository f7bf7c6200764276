/** The reply of `GET /api/license-status`. */
export interface LicenseStatus {
  /** Is there something to show? */
  warn: boolean;
  /** The text in English; empty where there is nothing to show. */
  message: string;
  /** Why. */
  state: "not_applicable" | "ok" | "pending" | "expiring" | "expired";
  /** When the license ends unless a batch is delivered (RFC 3339); null while nothing is shown. */
  expires_at: string | null;
  /** Days until then, rounded up, 0 once expired; null while nothing is shown. */
  days_until_expiration: number | null;
}

/** Sent to the element at each reply of the server, whether or not it has changed. It bubbles. */
export type LicenseStatusEvent = CustomEvent<LicenseStatus>;

/**
 * `<ohe-license-banner>`, which importing this package defines. Attributes:
 *
 * - `src`: the address of the license status, by default `/api/license-status`;
 * - `poll-seconds`: how often to ask, by default 3600, at least 1;
 * - `lang`: the language, by default that of the page.
 */
export interface LicenseBannerElement extends HTMLElement {
  addEventListener(
    type: "license-status",
    listener: (this: LicenseBannerElement, event: LicenseStatusEvent) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: LicenseBannerElement, event: HTMLElementEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "ohe-license-banner": LicenseBannerElement;
  }
}
