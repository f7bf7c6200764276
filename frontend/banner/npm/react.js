import { createElement } from "react";
import "./license-banner.js";

export function LicenseWarningBanner({ src, pollSeconds, lang, onLicenseStatus }) {
  return createElement("ohe-license-banner", {
    src,
    lang,
    "poll-seconds": pollSeconds,
    "onlicense-status": onLicenseStatus && ((event) => onLicenseStatus(event.detail)),
  });
}
