/** The value of a label that the object itself has. By its plain key, every JavaScript object would have a constructor. */
export function labelValue(labels: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
}
