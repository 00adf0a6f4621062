# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Faces of people that do not exist
#
# Faces are what generators are best known for, and where they can do most harm. This page belongs to lessons
# [09](09_colour_on_a_gpu.ipynb), [12](12_your_own_images.ipynb) and [15](15_asking_for_it.ipynb). It is no legal
# advice, and it does not claim to be complete. It says what should be asked before somebody trains on faces, what we
# know, and what this course did and did not do.
#
# ## Do they really not exist?
#
# A generator turns random numbers into a face that, most of the time, belongs to nobody. "Most of the time" is as far
# as one should go:
#
# - A generator learns from the faces of real people, and can give some of them away. Webster and others found, for
#   several data sets, generated faces with the identity of people in the training set, above all of those with many
#   pictures there ([arXiv 2107.06018](https://arxiv.org/abs/2107.06018), *This Person (Probably) Exists*). A distance
#   such as those of lesson [11](11_measuring_gans.ipynb) cannot see that; nearest neighbours and the inversion of
#   lesson [15](15_asking_for_it.ipynb) see a part of it.
# - A generator can be *asked* for a face. Inversion looks for the z of a given photograph, and what it finds can then
#   be made to smile, to age, or to wear what its owner never wore.
#
# ## What they are used for
#
# Advertising, games and research use faces of nobody with good reason: no one has to be photographed. The same faces
# serve for invented profiles, fraud and propaganda, and the methods that change a face serve to put people, mostly
# women, into pictures that they never agreed to. Looking closely is no protection. In a study of 2022, 315 people told
# photographs from faces by StyleGAN2 with an accuracy of 48 %, about that of a coin, and 219 others, who had been
# trained for it, with 59 % (Nightingale and Farid, [PNAS 119,
# e2120481119](https://doi.org/10.1073/pnas.2120481119)); the generated ones were rated as more trustworthy.
#
# The generators of this course draw 64 x 64 pixels and deceive nobody. But what you learn here is what the large ones
# are made of, and the questions are the same.
#
# ## Who was asked?
#
# | pictures | where they come from | what you may do, by those who give them | were the people asked? |
# |---|---|---|---|
# | CelebA | celebrities, collected from the web | research that is not commercial; the pictures are not to be passed on | nothing says so |
# | other faces from the web | photographers who chose an open licence | as the licence says | rarely: a licence is given by whoever took the picture, not by who is in it |
# | your friends | you | as they agreed | ask for *this* use: "I want to train a generator, and to publish it" |
# | cartoon faces of this course | drawn by a program | free for personal and commercial use (Avataaars by Pablo Stanley) | there is nobody to ask |
#
# Copyright is the photographer's matter; a face is the matter of its owner, and in many countries biometric or personal
# data. That a picture can be downloaded answers neither question. Nor does it help that the set is small, the picture
# old, or the person famous. Large sets of faces have been withdrawn once such questions were asked; copies go on
# circulating, and so do the models that learned from them: **a training cannot be undone by deleting the pictures.**
#
# The labels deserve a thought as well. CelebA says of each face, yes or no, whether it is "Attractive", "Young",
# "Male", "Chubby". Somebody decided that, from a photograph. Whoever builds a slider from such a label builds in that
# decision.
#
# ## Who is missing?
#
# A generator can only draw what its data hold, and it does not even draw that evenly.
#
# - **What is not there is never drawn.** Our cartoon faces have no hats, no headscarves and no turbans: hair is one of
#   their labels, so it is always to be seen. A harmless choice, it seemed, and it means that people who cover their
#   heads do not exist in the world of our generator. Lesson 15 asks it for them, and shows what comes back.
# - **What is rare can become rarer.** Section 4 of that lesson counts attributes of generated faces, beside those of
#   drawn ones, at two lengths of z. A generator that is tuned for typical pictures is tuned against everybody else.
# - **What looks like a measurement may repeat it.** A judge that has never seen a kind of face cannot miss it. Our own
#   judge of faces has 17 attributes, and no word for anything else.
#
# Four tones of skin and five colours of hair, each as frequent as the others: that is how we set our data, by hand. It
# is even, and it is no picture of any population. To be even in what one thought of is the easy part.
#
# ## What this course did
#
# - There is **no photograph of a person** in the repository, and none that was generated from photographs of people.
#   The faces are cartoons, with exact labels that came before the picture and describe nobody.
# - Photographs that were used (church exteriors) are not passed on; what was learned from them is, with the source
#   named.
# - Each recorded generator has its data, command and numbers beside it, and `dcgan-course export` writes them into the
#   model card. `page` puts what you say of the source under the title.
# - Lessons 11 and 15 test for copies, with controls, and say what the tests cannot show.
#
# And what it did not do: lesson 09 explains how to train on CelebA, for those who have it and may. The generators carry
# no watermark, and nothing stops anybody from training on faces of people who were not asked. We thought that a course
# which explains how it works, and where it fails, does more good than one that looks away. You may disagree.
#
# ## Before you train, and before you publish
#
# | ask | a good answer |
# |---|---|
# | Could it be something other than faces? | very often: buildings, plants, letters, cartoons teach the same |
# | Who is in the pictures, and did they agree to this use? | a sentence each, in the card |
# | What do licence and law say, where I live and where it will be seen? | looked up, not guessed |
# | Can somebody be recognised in what comes out? | looked for, with the tests of lessons 11 and 15; said what they cannot show |
# | Who is rare or missing? | counted, beside the data |
# | What would the worst reader do with it? | thought of beforehand; if that is worse than the gain, kept |
# | Will a viewer know that it is generated? | it says so on the page, and beside each picture that is passed on |
# | Can I take it back? | not the training: so decide before |
#
# ## References
#
# - Webster, Rabin, Simon, Jurie: *This Person (Probably) Exists. Identity Membership Attacks Against GAN Generated
#   Faces*, [arXiv 2107.06018](https://arxiv.org/abs/2107.06018).
# - Nightingale, Farid: *AI-synthesized faces are indistinguishable from real faces and more trustworthy*, PNAS 2022,
#   [doi 10.1073/pnas.2120481119](https://doi.org/10.1073/pnas.2120481119).
# - Mitchell and others: *Model Cards for Model Reporting*, [arXiv 1810.03993](https://arxiv.org/abs/1810.03993); Gebru
#   and others: *Datasheets for Datasets*, [arXiv 1803.09010](https://arxiv.org/abs/1803.09010).
# - Liu, Luo, Wang, Tang: *Deep Learning Face Attributes in the Wild* (CelebA), [arXiv
#   1411.7766](https://arxiv.org/abs/1411.7766); its own page has the agreement.
