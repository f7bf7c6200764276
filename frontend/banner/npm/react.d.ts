import type { DetailedHTMLProps, HTMLAttributes, JSX } from "react";
import type { LicenseBannerElement, LicenseStatus, LicenseStatusEvent } from "./index.js";

export type { LicenseBannerElement, LicenseStatus, LicenseStatusEvent };

export interface LicenseWarningBannerProps {
  /** The address of the license status; `/api/license-status` unless given. */
  src?: string | undefined;
  /** How often to ask, in seconds; hourly unless given, at least 1. */
  pollSeconds?: number | undefined;
  /** The language, for instance `de` or `zh-TW`; that of the page unless given. */
  lang?: string | undefined;
  /** Called at each reply of the server, whether or not it has changed. */
  onLicenseStatus?: ((status: LicenseStatus) => void) | undefined;
}

/** The license banner: shows nothing unless the license is at stake. Belongs at the top of the root layout. */
export function LicenseWarningBanner(props: LicenseWarningBannerProps): JSX.Element;

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      /** The element itself, for those who want it without the component. */
      "ohe-license-banner": DetailedHTMLProps<HTMLAttributes<LicenseBannerElement>, LicenseBannerElement> & {
        src?: string | undefined;
        "poll-seconds"?: number | string | undefined;
        "onlicense-status"?: ((event: LicenseStatusEvent) => void) | undefined;
      };
    }
  }
}
