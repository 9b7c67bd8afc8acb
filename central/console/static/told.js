// What a node said in words of its own: in the page's language where that is known, else as it came.
export const told = (found, name) => (document.documentElement.lang.startsWith("zh") && found[`${name}_zh`]) || found[name];
