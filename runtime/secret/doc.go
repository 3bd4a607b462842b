// Package secret keeps values that no output may show.
//
// A Set is filled with the secrets of a run, also while it runs, and masks
// text: every secret becomes ***, as it is and in the spellings it takes on its
// way: percent-encoded in a URL or form, escaped in JSON, for a terminal or in a
// shell command, and inside base64 at any alignment, so that "user:secret" is
// found in a Basic credential. A value of fewer than four bytes is masked where
// it stands as a word of its own, since it would tear other words apart.
//
//	var set secret.Set
//	set.Add("s3cr3t")
//	set.Mask("https://a.test/?q=s3cr3t") // https://a.test/?q=***
//	w := set.Writer(os.Stderr)           // also when two writes hold one secret
//
// The search looks at four bytes at each place and compares further only where
// a spelling may begin, so its time hardly depends on how many secrets there
// are. An empty Set costs one load.
package secret
