/** What the banner says in each language of the OHE UI: pending, expiring in 12 days, expired, and the close button. */
export const wordings: Record<string, { pending: string; expiring: string; expired: string; close: string }> = {
  en: {
    pending: "OpenHands Enterprise license verification pending. Please ensure network connectivity.",
    expiring: "Your OpenHands Enterprise license will expire in 12 days. Please contact support if this issue persists.",
    expired: "Your OpenHands Enterprise license has expired. Please contact support immediately.",
    close: "Close",
  },
  ja: { pending: "まだ確認されていません", expiring: "あと12日で期限切れになります", expired: "期限切れです", close: "閉じる" },
  "zh-CN": { pending: "正在等待验证", expiring: "将在 12 天后过期", expired: "已过期", close: "关闭" },
  "zh-TW": { pending: "正在等待驗證", expiring: "將在 12 天後到期", expired: "已到期", close: "關閉" },
  "ko-KR": { pending: "보류 중입니다", expiring: "12일 후에 만료됩니다", expired: "만료되었습니다", close: "닫기" },
  no: { pending: "er ikke bekreftet ennå", expiring: "utløper om 12 dager", expired: "er utløpt", close: "Lukk" },
  ar: { pending: "قيد الانتظار", expiring: "خلال 12 يومًا", expired: "انتهت صلاحية", close: "إغلاق" },
  de: { pending: "noch nicht bestätigt", expiring: "läuft in 12 Tagen ab", expired: "ist abgelaufen", close: "Schließen" },
  fr: { pending: "est en attente", expiring: "expirera dans 12 jours", expired: "a expiré", close: "Fermer" },
  it: { pending: "è in sospeso", expiring: "scadrà tra 12 giorni", expired: "è scaduta", close: "Chiudi" },
  pt: { pending: "está pendente", expiring: "expirará em 12 dias", expired: "expirou", close: "Fechar" },
  es: { pending: "está pendiente", expiring: "caducará en 12 días", expired: "ha caducado", close: "Cerrar" },
  tr: { pending: "doğrulanması bekleniyor", expiring: "12 gün içinde dolacak", expired: "süresi doldu", close: "Kapat" },
  uk: { pending: "ще не підтверджено", expiring: "через 12 днів", expired: "закінчився", close: "Закрити" },
};
